/** A browser that signs in: it keeps the cookie it is given, and shows its token with what it asks. */
import { expect } from "vitest";
import type { Answered, CallOptions, Harness } from "./harness.ts";

export const sessionsPath = "/api/v1/sessions";
export const currentPath = `${sessionsPath}/current`;
/** Status, code and `session` of a request whose session has ended. */
export const ended = [401, "unauthorized", "ended"];

export class Browser {
  cookie = "";
  /** The last header of that name. */
  setCookie = "";
  csrfToken = "";
  id = "";
  readonly #harness: Harness;

  constructor(harness: Harness) {
    this.#harness = harness;
  }

  static async signedIn(harness: Harness, key = harness.keys.admin): Promise<Browser> {
    const browser = new Browser(harness);
    expect((await browser.signIn(key)).status).toBe(201);
    return browser;
  }

  async signIn(key = this.#harness.keys.admin, options: CallOptions = {}): Promise<Answered> {
    const answer = await this.#send("POST", sessionsPath, { json: { key }, ...options });
    this.csrfToken = String(answer.body["csrfToken"] ?? "");
    this.id = String(answer.body["id"] ?? "");
    return answer;
  }

  /** As a page of the server's own does it; the headers given go before that. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answered> {
    const headers = { "x-csrf-token": this.csrfToken, "sec-fetch-site": "same-origin", ...options.headers };
    return await this.#send(method, path, { ...options, headers });
  }

  async #send(method: string, path: string, options: CallOptions): Promise<Answered> {
    const headers: Record<string, string> = { "user-agent": "Orchard/1.0", ...options.headers };
    if (this.cookie !== "") headers["cookie"] = `theme=dark; pippin-session=${this.cookie}; x=1`;
    const answer = await this.#harness.call(method, path, { key: null, ...options, headers });
    const set = answer.headers.get("set-cookie");
    if (set !== null) [this.setCookie, this.cookie] = [set, /^pippin-session=([^;]*)/.exec(set)?.[1] ?? ""];
    return answer;
  }
}

export const outcomeOf = ({ status, body }: Answered): unknown[] => [status, body["code"], body["session"]];

export const itemsOf = ({ body }: Answered) => body["items"] as Record<string, unknown>[];

export async function keyIdOf(harness: Harness, name: string): Promise<string> {
  const keys = itemsOf(await harness.call("GET", "/api/v1/keys"));
  return String(keys.find((key) => key["name"] === name)?.["id"]);
}
