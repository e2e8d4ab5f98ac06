/** Talks to the program that serves the screen. */

/** A refusal, by its code; `unreachable` when nobody answered. */
export class ActError extends Error {
  readonly code: string;
  readonly reason: string | undefined;
  constructor(code: string, reason?: string) {
    super(code);
    this.code = code;
    this.reason = reason;
  }
}

export const root = "/screen/v1";

export async function ask<T>(path: string, body?: object): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json", "x-pippin-screen": "1" },
          body: JSON.stringify(body),
        };
  let response: Response;
  try {
    response = await fetch(`${root}${path}`, { ...init, credentials: "same-origin" });
  } catch {
    throw new ActError("unreachable");
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as T;
  const { code, reason } = (answer ?? {}) as { code?: string; reason?: string | null };
  throw new ActError(code ?? "internal", reason ?? undefined);
}
