import type { Context, Hono, MiddlewareHandler } from "hono";
import { PippinError } from "../../shared/errors.ts";
import type { Recorder, WireChannel } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import type { AppleModel } from "./apple-model.ts";
import type { Operations } from "./operations.ts";

export interface Variables {
  /** The request's body: read once, within the limit. */
  body: Buffer;
}
export type AppleApp = Hono<{ Variables: Variables }>;
export type AppleContext = Context<{ Variables: Variables }>;

/** What every group of routes is given. */
export interface RouteParts {
  readonly world: World;
  readonly recorder: Recorder;
  readonly model: AppleModel;
  readonly operations: Operations;
  /** The service's own base URL, without a slash at the end. */
  readonly publicUrl: () => string;
}

export const bodyBytesMax = 1024 * 1024;
const nothing = Buffer.alloc(0);

/** Undefined when there is more than `bytesMax`. */
export async function readBody(request: Request, bytesMax: number): Promise<Buffer | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) return undefined;
  if (!request.body) return nothing;
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    byteCount += value.byteLength;
    if (byteCount > bytesMax) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
}

/** Reads the body; one above the limit is answered 413. */
export const limitedBody: MiddlewareHandler<{ Variables: Variables }> = async (context, next) => {
  const body = await readBody(context.req.raw, bodyBytesMax);
  if (!body) {
    const message = `a request body has at most ${bodyBytesMax} bytes`;
    return context.json({ error: { code: "body_too_large", message } }, 413);
  }
  context.set("body", body);
  await next();
};

/** Records what crosses, as seen from this side. Needs `limitedBody` outside of it. */
export function recordedWire(
  parts: RouteParts,
  channel: WireChannel,
  clientOf: (context: AppleContext) => string,
): MiddlewareHandler<{ Variables: Variables }> {
  return async (context, next) => {
    const { recorder } = parts;
    if (!recorder.keepsWire) return next();
    const client = clientOf(context);
    const body = context.get("body");
    const { pathname, search } = new URL(context.req.url);
    const details = { side: "apple", method: context.req.method, target: `${pathname}${search}` };
    const cause = recorder.wire(
      { channel, from: client, to: "apple", format: body.length > 0 ? "json" : "empty", bytes: body },
      details,
    );
    await next();
    const answer = context.res;
    // A page for a person's browser is neither a protocol message nor of any use to a checker.
    const isJson = (answer.headers.get("content-type") ?? "").includes("json");
    const bytes = isJson ? Buffer.from(await answer.arrayBuffer()) : nothing;
    if (isJson) context.res = new Response(bytes, answer);
    recorder.wire(
      { channel, from: "apple", to: client, format: bytes.length > 0 ? "json" : "empty", bytes },
      { ...details, httpStatus: answer.status, cause },
    );
  };
}

/** Makes the service slow or unavailable, when it was told to be. */
export function behaving({ world, model }: RouteParts): MiddlewareHandler<{ Variables: Variables }> {
  return async (context, next) => {
    if (model.behaviour.latencyMs > 0) await world.sleep(model.behaviour.latencyMs);
    const { unavailable } = model.behaviour;
    if (unavailable) return context.body(null, 503, { "Retry-After": String(unavailable.retryAfterSeconds) });
    await next();
  };
}

/** What isn't a refusal of the surface itself: the store that can't be written, or a bug, which is told aloud. */
export function failure(operations: Operations, error: Error, context: AppleContext): Response {
  if (error instanceof PippinError) {
    return context.json({ error: { code: error.code, message: error.message } }, error.status);
  }
  operations.report([`${error.name}: ${error.message}`]);
  return context.json(
    { error: { code: "internal", message: "the service failed; see its violations" } },
    500,
  );
}
