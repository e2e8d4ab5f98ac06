import { formatVppDate, ServiceToken } from "../../shared/vpp.ts";
import { sha256Hex, type Environment, type Numbers } from "./environment.ts";
import type { Organisation } from "./organisation.ts";
import { VppRefusal } from "./refusals.ts";

const dayMs = 86_400_000;
const reminderMs = 15 * dayMs;
const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

export interface IssuedToken {
  readonly id: string;
  readonly organisationId: number;
  /** The secret itself is with the administrator alone. */
  readonly secretHash: string;
  expiresAt: number;
  revoked: boolean;
}

/** The sTokens that were issued. All of one organisation stand for the same account. */
export class ServiceTokens {
  static readonly perOrganisationMax = 100;
  readonly byId = new Map<string, IssuedToken>();
  readonly #bySecret = new Map<string, IssuedToken>();
  readonly #environment: Environment;
  readonly #numbers: Numbers;
  readonly #changed: () => void;

  constructor(environment: Environment, numbers: Numbers, changed: () => void) {
    this.#environment = environment;
    this.#numbers = numbers;
    this.#changed = changed;
  }

  of(organisationId: number): IssuedToken[] {
    return [...this.byId.values()].filter((token) => token.organisationId === organisationId);
  }

  insert(token: IssuedToken): void {
    this.byId.set(token.id, token);
    this.#bySecret.set(token.secretHash, token);
    this.#changed();
  }

  /** Answers with the content of the `.vpptoken` file, which is nowhere kept. */
  issue(
    organisation: Organisation,
    lifetimeDays: number,
  ): { token: IssuedToken; sToken: string; expDate: string } {
    const secret = Buffer.from(this.#environment.randomHex(36), "hex").toString("base64");
    // The date inside the token has whole seconds.
    const expiresAt = Math.floor((this.#environment.now() + lifetimeDays * dayMs) / 1000) * 1000;
    this.#numbers.token += 1;
    const token: IssuedToken = {
      id: `token-${this.#numbers.token}`,
      organisationId: organisation.facts.id,
      secretHash: sha256Hex(secret),
      expiresAt,
      revoked: false,
    };
    this.insert(token);
    const expDate = formatVppDate(expiresAt);
    const content: ServiceToken = { token: secret, expDate, orgName: organisation.facts.name };
    return { token, sToken: Buffer.from(JSON.stringify(content), "utf8").toString("base64"), expDate };
  }

  revoke(token: IssuedToken): void {
    token.revoked = true;
    this.#changed();
  }

  /** Its year is over at once. */
  expire(token: IssuedToken): void {
    token.expiresAt = Math.min(token.expiresAt, this.#environment.now());
    this.#changed();
  }

  /** From now on it is none of ours. */
  forget(token: IssuedToken): void {
    this.byId.delete(token.id);
    this.#bySecret.delete(token.secretHash);
    this.#changed();
  }

  /** Throws VppRefusal: 9601 nothing given, 9622 none of ours, 9625 revoked, 9621 expired. */
  authenticate(sToken: string | undefined): IssuedToken {
    if (sToken === undefined || sToken === "") throw new VppRefusal(9601, "no sToken was given");
    const token = this.#bySecret.get(sha256Hex(this.#secretIn(sToken)));
    if (!token) throw new VppRefusal(9622);
    if (token.revoked) throw new VppRefusal(9625);
    if (token.expiresAt <= this.#environment.now()) throw new VppRefusal(9621);
    return token;
  }

  /** Given only within 15 days before the end. */
  reminder(token: IssuedToken): string | undefined {
    const leftMs = token.expiresAt - this.#environment.now();
    return leftMs <= reminderMs ? formatVppDate(token.expiresAt) : undefined;
  }

  #secretIn(sToken: string): string {
    const text = sToken.trim();
    if (!base64.test(text)) throw new VppRefusal(9622);
    let content: unknown;
    try {
      // Node's decoder takes both alphabets, the standard one and the one for URLs.
      content = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    } catch (error) {
      if (error instanceof SyntaxError) throw new VppRefusal(9622);
      throw error;
    }
    const token = ServiceToken.safeParse(content);
    if (!token.success) throw new VppRefusal(9622);
    return token.data.token;
  }
}
