/** The cookie in which a browser keeps the secret of its session: no script reads it, and no other site makes it be sent. */

export const sessionCookieName = "pippin-session";

/** A browser keeps one jar for all ports of a host: servers side by side must not take each other's sessions away. */
function cookieNameAt(url: string): string {
  const { port } = new URL(url);
  return port === "" ? sessionCookieName : `${sessionCookieName}-${port}`;
}

/** Undefined when there is none; a value that was never ours is handed on, to be refused. */
export function readSessionCookie(request: Request): string | undefined {
  const [, value] =
    new RegExp(`(?:^|;) *${cookieNameAt(request.url)}=([^;]*)`).exec(request.headers.get("cookie") ?? "") ??
    [];
  return value;
}

export interface CookieOptions {
  /** Address of the request that is answered. */
  readonly url: string;
  /** Only to be sent over https. */
  readonly isSecure: boolean;
  readonly maxAgeMs: number;
}

export function sessionCookie(secret: string, { url, isSecure, maxAgeMs }: CookieOptions): string {
  const maxAge = Math.ceil(maxAgeMs / 1_000);
  return `${cookieNameAt(url)}=${secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAge}${isSecure ? "; Secure" : ""}`;
}

/** Takes the cookie away. */
export function clearedCookie(from: Pick<CookieOptions, "url" | "isSecure">): string {
  return sessionCookie("", { ...from, maxAgeMs: 0 });
}
