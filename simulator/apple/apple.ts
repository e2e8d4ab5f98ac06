import { Hono } from "hono";
import type { Recorder } from "../../shared/trace.ts";
import type { Peer, World } from "../../shared/world.ts";
import { AppleModel } from "./apple-model.ts";
import { storeRoutes } from "./app-store.ts";
import type { AppleBehaviour } from "./behaviour.ts";
import type { CatalogueItem } from "./catalogue.ts";
import { controlRoutes } from "./control.ts";
import { failure, type AppleApp, type RouteParts, type Variables } from "./exchange.ts";
import { Invariants } from "./invariants.ts";
import { Operations } from "./operations.ts";
import { restore, StateFile, toState } from "./state-file.ts";
import { vppRoutes } from "./vpp-service.ts";

export interface AppleOptions {
  /** Bearer token of the control API. */
  controlKey: string;
  /** The service's own base URL; asked for at each answer, so it may be known only after listening. */
  publicUrl: () => string;
  catalogue: readonly CatalogueItem[];
  /** Keeps the state across restarts; without it everything is gone at the end. */
  dataFile?: string;
  /** Records on one page of a long list. Default 200. */
  pageSize?: number;
  behaviour?: Partial<AppleBehaviour>;
}

/** Apple's side: the VPP web service, the App Store with its Apple IDs, and the lab's control API, behind one handler. */
export interface Apple {
  /** To be served at the root of the service's URL. */
  handle(request: Request, peer: Peer): Promise<Response>;
  /** Every invariant that was found broken so far, in words. */
  violations(): readonly string[];
  /** What the service knows, for tests and tools in the same process. Change it only through `perform`. */
  readonly model: AppleModel;
  /** Runs one change of the model as a call would: checked, and durable when it resolves. */
  perform<T>(step: () => T): Promise<T>;
  /** Ends when everything is written; calls after it are answered 503. */
  close(): Promise<void>;
}

/** Throws store_corrupt when the data file can't be used, and what the disk throws. */
export async function createApple(
  context: { world: World; recorder: Recorder },
  options: AppleOptions,
): Promise<Apple> {
  const { world, recorder } = context;
  const model = new AppleModel(
    {
      now: () => world.now(),
      randomHex: (byteCount) => world.randomBytes(byteCount).toString("hex"),
      emit: (event, details) => recorder.record(event, { side: "apple", ...details }),
    },
    options.catalogue,
    options.behaviour,
  );
  const { dataFile } = options;
  if (dataFile !== undefined) {
    const content = await world.disk.readFile(dataFile);
    if (content) restore(model, content.toString("utf8"), dataFile);
  }
  const stateFile =
    dataFile === undefined
      ? undefined
      : new StateFile(world.disk, dataFile, () => `${JSON.stringify(toState(model))}\n`);
  const operations = new Operations({ model, invariants: new Invariants(model), recorder, stateFile });
  const publicUrl = (): string => options.publicUrl().replace(/\/+$/, "");
  const parts: RouteParts = { world, recorder, model, operations, publicUrl };

  const app: AppleApp = new Hono<{ Variables: Variables }>();
  app.route("/", storeRoutes(parts));
  app.route("/", vppRoutes(parts, options.pageSize ?? 200));
  app.route("/control/v1", controlRoutes(parts, options.controlKey));
  app.notFound((c) => c.json({ error: { code: "route_not_found", message: "there is nothing here" } }, 404));
  app.onError((error, c) => failure(operations, error, c));

  let isClosed = false;
  return {
    async handle(request, _peer) {
      if (isClosed) return new Response(null, { status: 503 });
      return app.fetch(request);
    },
    violations: () => operations.violations,
    model,
    perform: (step) => operations.perform(step),
    async close() {
      isClosed = true;
      await stateFile?.settled();
    },
  };
}
