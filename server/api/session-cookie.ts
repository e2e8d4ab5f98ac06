/** The cookie in which a browser keeps the secret of its session: no script reads it, and no other site makes it be sent. */

export const sessionCookieName = "pippin-session";

/** Undefined when there is none; a value that was never ours is handed on, to be refused. */
export function readSessionCookie(request: Request): string | undefined {
  const [, value] =
    new RegExp(`(?:^|;) *${sessionCookieName}=([^;]*)`).exec(request.headers.get("cookie") ?? "") ?? [];
  return value;
}

export interface CookieOptions {
  /** Only to be sent over https. */
  readonly isSecure: boolean;
  readonly maxAgeMs: number;
}

export function sessionCookie(secret: string, { isSecure, maxAgeMs }: CookieOptions): string {
  const maxAge = Math.ceil(maxAgeMs / 1_000);
  return `${sessionCookieName}=${secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAge}${isSecure ? "; Secure" : ""}`;
}

/** Takes the cookie away. */
export function clearedCookie(isSecure: boolean): string {
  return sessionCookie("", { isSecure, maxAgeMs: 0 });
}
