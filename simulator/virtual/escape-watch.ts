import { createHook } from "node:async_hooks";

/** What Node calls work that finishes outside the virtual world, in an order that no seed decides. */
const escapes =
  /^(?:.*REQUEST|ZLIB|FSREQ.*|FILEHANDLE.*|GETADDRINFO.*|TCP(?:CONNECT)?WRAP|PIPE(?:CONNECT)?WRAP|WORKER)$/;
const sitesMax = 20;

export interface EscapeWatch {
  /** Ends the watch. One line for each escape: what kind of work, and the first place in our code that asked for it. */
  stop(): string[];
}

/**
 * Watches for work that leaves the virtual world: asynchronous crypto and zlib, files, sockets. For tests, as it makes
 * every promise slower. Real timers are not seen, since a test runner has its own; a lint rule keeps those out.
 */
export function watchForEscapes(): EscapeWatch {
  const found = new Set<string>();
  const hook = createHook({
    init(_id, type) {
      if (!escapes.test(type) || found.size >= sitesMax) return;
      const frames = (new Error("here").stack ?? "").split("\n").slice(1);
      const site = frames.find(
        (frame) => /[/\\]/.test(frame) && !/node_modules|node:|escape-watch/.test(frame),
      );
      found.add(`${type} ${(site ?? "from a library").trim()}`);
    },
  });
  hook.enable();
  return {
    stop: () => {
      hook.disable();
      return [...found];
    },
  };
}
