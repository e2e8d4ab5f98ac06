import type { AppStoreProblemCode, LookupItem } from "../../shared/app-store.ts";
import { appStoreProblems } from "../../shared/app-store.ts";
import { NetworkError, type HttpRequest, type HttpResponse } from "../../shared/world.ts";
import { jsonResponse } from "./fake-server.ts";

export const appleUrl = "http://apple.test:8081";
export const invitationUrl = `${appleUrl}/invitation?inviteCode=abc`;

export const pages: LookupItem = {
  adamId: "361309726",
  bundleId: "com.example.pages",
  name: "Pages",
  version: "2.6",
  externalVersionIdentifier: 816_000,
  bytes: 2_000_000,
};
export const numbers: LookupItem = {
  ...pages,
  adamId: "361304891",
  bundleId: "com.example.numbers",
  name: "Numbers",
};

/** Apple's services as a phone sees them: two apps, one Apple ID, one invitation. */
export class FakeApple {
  readonly items = new Map([pages, numbers].map((item) => [item.adamId, item]));
  readonly appleId = "anna@example.com";
  readonly password = "correct horse";
  wrongPasswords = 0;
  wrongPasswordsMax = 3;
  /** Sessions that hold. */
  readonly sessions = new Set<string>();
  lookupRefusal: AppStoreProblemCode | undefined;
  /** Refuses authorisations so. */
  authorizeRefusal: AppStoreProblemCode | undefined;
  invitationRefusal: AppStoreProblemCode | undefined;
  isUnreachable = false;
  accepted: string[] = [];
  /** Every path asked for, in order. */
  readonly calls: string[] = [];
  readonly authorizations: unknown[] = [];
  /** What the phone said it had, each time. */
  readonly holdings: unknown[] = [];
  #tickets = new Map<string, string>();

  request(url: string, init: HttpRequest): HttpResponse {
    const { pathname, searchParams } = new URL(url);
    this.calls.push(`${init.method ?? "GET"} ${pathname}`);
    if (this.isUnreachable) throw new NetworkError("unreachable", "no way there");
    const body = init.body === undefined ? {} : (JSON.parse(init.body.toString()) as Record<string, string>);
    switch (pathname) {
      case "/store/v1/lookup": {
        if (this.lookupRefusal) return refuse(this.lookupRefusal);
        const [adamId, bundleId] = [searchParams.get("adamId"), searchParams.get("bundleId")];
        const item = [...this.items.values()].find(
          (one) => one.adamId === adamId || one.bundleId === bundleId,
        );
        return item ? jsonResponse(200, item) : refuse("item_unknown");
      }
      case "/store/v1/sign-in":
        return this.#signIn(body);
      case "/store/v1/authorize": {
        this.authorizations.push(body);
        if (!this.sessions.has(body.sessionToken ?? "")) return refuse("session_invalid");
        if (this.authorizeRefusal) return refuse(this.authorizeRefusal);
        const ticket = `ticket-${this.#tickets.size + 1}`;
        this.#tickets.set(ticket, body.adamId ?? "");
        return jsonResponse(200, { ticket });
      }
      case "/store/v1/download": {
        const item = this.items.get(this.#tickets.get(body.ticket ?? "") ?? "");
        this.#tickets.delete(body.ticket ?? "");
        return item ? jsonResponse(200, item) : refuse("ticket_invalid");
      }
      case "/store/v1/holdings":
        if (!this.sessions.has(body.sessionToken ?? "")) return refuse("session_invalid");
        this.holdings.push(body.adamIds);
        return jsonResponse(200, {});
      case "/store/v1/terms":
        return jsonResponse(200, {});
      case "/invitation":
        if (this.invitationRefusal) return refuse(this.invitationRefusal);
        if (init.method !== "POST")
          return jsonResponse(200, { organisation: "Example", title: "Get apps", text: "The terms." });
        if (!this.sessions.has(body.sessionToken ?? "")) return refuse("session_invalid");
        this.accepted.push(body.sessionToken ?? "");
        return jsonResponse(200, {});
      default:
        return jsonResponse(404, {});
    }
  }

  #signIn({ appleId, password }: Record<string, string>): HttpResponse {
    if (this.wrongPasswords >= this.wrongPasswordsMax) return refuse("apple_id_locked");
    if (appleId !== this.appleId || password !== this.password) {
      this.wrongPasswords += 1;
      return refuse("wrong_password");
    }
    const sessionToken = `session-${this.sessions.size + 1}-secret`;
    this.sessions.add(sessionToken);
    return jsonResponse(200, { sessionToken, appleId, itsIdHash: "hash-of-anna" });
  }
}

function refuse(code: AppStoreProblemCode): HttpResponse {
  return jsonResponse(appStoreProblems[code], { error: { code, message: code } });
}
