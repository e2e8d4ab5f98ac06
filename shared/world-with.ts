import type { World } from "./world.ts";

/** The same world but for what `changes` holds: for a fleet with shared keys, a lab without a disk, a test with a scripted network. */
export function worldWith(world: World, changes: Partial<World>): World {
  return {
    kind: world.kind,
    disk: world.disk,
    now: () => world.now(),
    sleep: (delayMs, signal) => world.sleep(delayMs, signal),
    after: (delayMs, task) => world.after(delayMs, task),
    random: () => world.random(),
    randomBytes: (length) => world.randomBytes(length),
    uuid: () => world.uuid(),
    generateKeyPair: () => world.generateKeyPair(),
    request: (url, init) => world.request(url, init),
    serve: (options) => world.serve(options),
    connect: (url, options, handlers) => world.connect(url, options, handlers),
    ...changes,
  };
}
