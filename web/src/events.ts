/** The server's push: one line for each new event of the ledger, whoever caused it. */

export interface Event {
  seq: number;
  change: string;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8000;

/** Connects to `/api/events`, for ever: reconnects with growing pauses and says when the line is down or up again. */
export class Events {
  private socket: WebSocket | null = null;
  private wait = FIRST_WAIT;
  private timer = 0;
  private up = false;

  constructor(
    private readonly onEvent: (event: Event) => void,
    private readonly onLine: (up: boolean, retryAt: number) => void,
  ) {
    this.connect();
    addEventListener('online', () => this.retry());
  }

  /** Tries now instead of at the end of the pause. */
  retry(): void {
    if (this.up) return;
    clearTimeout(this.timer);
    this.wait = FIRST_WAIT;
    this.connect();
  }

  private connect(): void {
    this.socket?.close();
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/api/events`);
    this.socket = socket;
    socket.onopen = () => {
      this.up = true;
      this.wait = FIRST_WAIT;
      this.onLine(true, 0);
    };
    socket.onmessage = (message: MessageEvent<string>) => this.onEvent(JSON.parse(message.data) as Event);
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.up = false;
      this.onLine(false, Date.now() + this.wait);
      this.timer = window.setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    };
  }
}
