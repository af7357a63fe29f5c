/** What is known of one thing after the other: asked for after a pause, so that going past something asks nothing, and kept. */
const WAIT_MS = 120;

export class Lookup<T> {
  private readonly known = new Map<string, T>();

  get(key: string): T | null {
    return this.known.get(key) ?? null;
  }

  /** Asks unless it is known; `take` gets the key that was asked for, as another may be looked at by then. Returns how to give up. */
  ask(key: string, fetch: () => Promise<T>, take: (key: string, found: T) => void, onProblem: (error: unknown) => void): () => void {
    if (this.known.has(key)) return () => undefined;
    const timer = setTimeout(() => {
      fetch().then((found) => {
        this.known.set(key, found);
        take(key, found);
      }, onProblem);
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }
}
