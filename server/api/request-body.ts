/** Reads what a client sent, as far as the limits go. */
import { PippinError } from "../../shared/errors.ts";

/** No request of ours comes near; what walks through a value later may then do so by recursion. */
const depthMax = 64;

export interface RequestBody {
  /** Undefined when the request had none. */
  readonly bytes: Buffer | undefined;
  /** Parsed, when it came as JSON. */
  readonly json: unknown;
  /** As it is, when it came as one of the text types. */
  readonly text: string | undefined;
}

export interface BodyRules {
  readonly wanted: boolean;
  readonly bytesMax: number;
  readonly textTypes: readonly string[];
}

/** Throws body_too_large, unsupported_media_type, malformed_json, malformed_csv, invalid_request. */
export async function readRequestBody(request: Request, rules: BodyRules): Promise<RequestBody> {
  // A route that wants no body never reads one.
  if (!rules.wanted) return { bytes: undefined, json: undefined, text: undefined };
  const mediaType = mediaTypeOf(request);
  const bytes = await readBytes(request, rules.bytesMax);
  if (bytes.length === 0) {
    throw new PippinError("invalid_request", "body: expected a body", {
      details: { errors: [{ path: "body", expected: "a body" }] },
    });
  }
  if (mediaType === "application/json") return { bytes, json: parseJson(bytes), text: undefined };
  if (mediaType !== undefined && rules.textTypes.includes(mediaType)) {
    const text = decodeUtf8(bytes);
    if (text === undefined) {
      throw new PippinError("malformed_csv", "The text is not UTF-8.", { details: { expected: "UTF-8" } });
    }
    return { bytes, json: undefined, text };
  }
  const accepted = ["application/json", ...rules.textTypes];
  throw new PippinError("unsupported_media_type", `Expected a content-type of ${accepted.join(" or ")}.`, {
    details: { accepted },
  });
}

function mediaTypeOf(request: Request): string | undefined {
  const [essence = "", ...parameters] = (request.headers.get("content-type") ?? "").split(";");
  const charset = parameters
    .map((text) => text.trim().toLowerCase())
    .find((text) => text.startsWith("charset="));
  if (charset !== undefined && !/^charset="?utf-8"?$/.test(charset)) return undefined;
  return essence.trim().toLowerCase();
}

/** The body's bytes, whatever they are. Throws body_too_large, and invalid_request when it breaks off. */
export async function readBytes(request: Request, bytesMax: number): Promise<Buffer> {
  const refusal = () =>
    new PippinError("body_too_large", `The body may have at most ${bytesMax} bytes.`, {
      details: { bytesMax },
    });
  // Spares reading what is known to be too long; a body without a length, or with a wrong one, is counted below.
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw refusal();
  if (!request.body) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  for (;;) {
    const { done, value } = await nextPiece(reader);
    if (done) return Buffer.concat(chunks);
    length += value.byteLength;
    if (length > bytesMax) {
      await reader.cancel();
      throw refusal();
    }
    chunks.push(value);
  }
}

/** Whoever hangs up half way through has made a mistake of his own, not found one of ours. */
async function nextPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (error) {
    throw new PippinError("invalid_request", "The body broke off before its end.", { cause: error });
  }
}

function parseJson(bytes: Buffer): unknown {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new PippinError("malformed_json", "The body is not UTF-8.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold a secret.
    throw new PippinError(
      "malformed_json",
      "The body is not JSON: expected one JSON value and nothing after it.",
    );
  }
  if (isDeeperThan(value, depthMax)) {
    throw new PippinError("malformed_json", `Expected JSON that is nested at most ${depthMax} deep.`);
  }
  return value;
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => isDeeperThan(member, depth - 1));
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
