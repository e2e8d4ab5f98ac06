/** Talks JSON to the admin API and to Apple's control API, patiently. */
import { NetworkError, type World } from "../shared/world.ts";

/** The other side said no. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

const tryAgainMs = 250;

export interface JsonClientOptions {
  readonly world: World;
  readonly baseUrl: string;
  /** Bearer key. */
  readonly key: string;
  /** How long to keep trying while the other side can't be reached (it may be restarting). */
  readonly patienceMs: number;
  /** How long one request may take. Default: as the world has it. */
  readonly timeoutMs?: number | undefined;
}

export class JsonClient {
  readonly #options: JsonClientOptions;
  constructor(options: JsonClientOptions) {
    this.#options = options;
  }

  get baseUrl(): string {
    return this.#options.baseUrl;
  }

  get<T>(path: string): Promise<T> {
    return this.send<T>("GET", path);
  }

  /** Carries an idempotency key, so that a repeat after a lost answer creates nothing twice. */
  post<T>(path: string, body: unknown): Promise<T> {
    return this.send<T>("POST", path, JSON.stringify(body), "application/json");
  }

  /** Throws ApiError for a refusal, NetworkError when patience ran out. */
  async send<T>(method: string, path: string, body?: string, contentType?: string): Promise<T> {
    const { world, baseUrl, key, patienceMs, timeoutMs } = this.#options;
    const headers: Record<string, string> = { authorization: `Bearer ${key}`, accept: "application/json" };
    if (contentType !== undefined) headers["content-type"] = contentType;
    if (method === "POST") headers["idempotency-key"] = world.uuid();
    const deadline = world.now() + patienceMs;
    for (;;) {
      try {
        const response = await world.request(`${baseUrl}${path}`, {
          method,
          headers,
          ...(body === undefined ? {} : { body }),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        });
        if (!isPassing(response) || world.now() >= deadline) return read<T>(response.status, response.body);
      } catch (error) {
        if (!(error instanceof NetworkError) || world.now() >= deadline) throw error;
      }
      await world.sleep(tryAgainMs);
    }
  }
}

/** The other side will have an answer later: it is starting or stopping, or still at work on the first of two that are the same. */
function isPassing({ status, body }: { readonly status: number; readonly body: Buffer }): boolean {
  return status === 503 || (status === 409 && problemFrom(status, body).code === "request_under_way");
}

function read<T>(status: number, body: Buffer): T {
  const refusal = (): ApiError => problemFrom(status, body);
  if (status < 200 || status >= 300) throw refusal();
  const json = parse(body);
  if (json === undefined) throw refusal();
  return json as T;
}

/** What a refusal says. */
export function problemFrom(status: number, body: Buffer): ApiError {
  const problem = parse(body) as
    | { code?: string; detail?: string; title?: string; error?: { code?: string; message?: string } }
    | undefined;
  if (problem === undefined)
    return new ApiError(status, "malformed_json", `an answer that is no JSON (HTTP status ${status})`);
  return new ApiError(
    status,
    problem.code ?? problem.error?.code ?? "unknown",
    problem.detail ?? problem.error?.message ?? problem.title ?? `HTTP status ${status}`,
  );
}

/** Nothing counts as an empty object; undefined for what is no JSON. */
function parse(body: Buffer): unknown {
  const text = body.toString("utf8");
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}
