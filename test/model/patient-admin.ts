/** An admin who tries again what a crash or a full disk kept from being done. */
import { ApiError, type JsonClient } from "../../simulator/json-client.ts";
import { NetworkError, type World } from "../../shared/world.ts";

const tryAgainMs = 5_000;
/** The longest disk trouble of a plan, and some more. */
const triesMax = 500;

export class PatientAdmin {
  readonly #client: JsonClient;
  readonly #world: World;

  constructor(client: JsonClient, world: World) {
    this.#client = client;
    this.#world = world;
  }

  get<T>(path: string): Promise<T> {
    return this.send<T>("GET", path);
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.send<T>("POST", path, body);
  }

  /** Throws ApiError for what the server refuses, and for a request of which a crash leaves it open whether it was carried out. */
  send<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#untilStored(() =>
      body === undefined && method !== "POST"
        ? this.#client.send<T>(method, path)
        : method === "POST"
          ? this.#client.post<T>(path, body)
          : this.#client.send<T>(method, path, JSON.stringify(body), "application/json"),
    );
  }

  /** Text in another form than JSON. Harmless when it is sent twice. */
  sendText<T>(method: string, path: string, body: string, contentType: string): Promise<T> {
    return this.#untilStored(() => this.#client.send<T>(method, path, body, contentType));
  }

  async #untilStored<T>(send: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await send();
      } catch (error) {
        const isPassing = error instanceof ApiError && error.code.startsWith("store_");
        if (!isPassing || tries === triesMax) throw error;
        await this.#world.sleep(tryAgainMs);
      }
    }
  }
}

/** Whether the act was carried out. `perhaps`: the answer is lost. */
export type Done = "yes" | "perhaps" | "no";

/** The first of two requests that are the same may yet be carried out, or may have been. */
const unsettled: ReadonlySet<string> = new Set(["request_interrupted", "request_under_way"]);

/** For acts that may come at a moment when they can't be done. */
export async function attempt(send: () => Promise<unknown>): Promise<Done> {
  try {
    await send();
    return "yes";
  } catch (error) {
    if (error instanceof ApiError && unsettled.has(error.code)) return "perhaps";
    // Apple is slow, away or wrong, and the answer waits for it.
    if (error instanceof NetworkError) return "perhaps";
    if (error instanceof ApiError && (error.status === 503 || error.code.startsWith("apple_")))
      return "perhaps";
    if (error instanceof ApiError && error.status < 500) return "no";
    throw error;
  }
}

/** A repeat after a lost answer finds that it is done. */
export async function gone(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "not_found")) throw error;
  }
}
