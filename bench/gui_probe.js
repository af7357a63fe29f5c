// Put into the page before its own scripts: measures from an input, or from the start, to the frame that shows the result.
(() => {
  const painted = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    channel.port2.postMessage(0);
  });
  const probe = (window.__probe = { first: 0, start: 0, end: 0, ready: null });
  const shown = () => document.querySelector(".add, .del, .own") !== null;

  // First paint of the diff: the frame after the first changed line is in the document.
  const early = new MutationObserver(() => {
    if (!shown()) return;
    early.disconnect();
    painted((now) => (probe.first = now));
  });
  early.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });

  // From the next key or press to the first frame in which `ready` holds.
  const begin = (event) => {
    if (!probe.armed) return;
    probe.armed = false;
    probe.start = event.timeStamp;
    probe.end = 0;
    const look = () => painted((now) => (probe.ready() ? (probe.end = now) : look()));
    look();
  };
  for (const kind of ["keydown", "mousedown"]) addEventListener(kind, begin, true);
  probe.arm = (ready) => {
    probe.ready = ready ?? (() => true);
    probe.end = 0;
    probe.armed = true;
  };
})();
