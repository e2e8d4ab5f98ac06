import { DiskError, NetworkError, type DiskErrorCode, type NetworkErrorCode } from "./world.ts";

const networkCodes = new Map<string, NetworkErrorCode>([
  ["EADDRINUSE", "address_in_use"],
  ["EADDRNOTAVAIL", "address_not_available"],
  ["EACCES", "address_not_available"],
  ["EMFILE", "address_not_available"],
  ["ENFILE", "address_not_available"],
  ["ECONNREFUSED", "refused"],
  ["ECONNRESET", "reset"],
  ["ECONNABORTED", "reset"],
  ["EPIPE", "reset"],
  ["ETIMEDOUT", "timeout"],
  ["HPE_HEADER_OVERFLOW", "too_large"],
  ["ENOTFOUND", "unreachable"],
  ["EAI_AGAIN", "unreachable"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
]);

const sentences: Record<NetworkErrorCode, string> = {
  address_in_use: "is already in use",
  address_not_available: "can't be used by this process",
  unreachable: "can't be reached",
  refused: "refused the connection",
  reset: "broke the connection",
  timeout: "did not answer in time",
  too_large: "sent more than is allowed",
  upgrade_refused: "refused to open a channel",
};

const diskCodes = new Map<string, DiskErrorCode>([
  ["EACCES", "not_writable"],
  ["EPERM", "not_writable"],
  ["EROFS", "not_writable"],
  ["ENOTDIR", "not_writable"],
  ["EEXIST", "not_writable"],
  ["ENOENT", "not_writable"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
]);

/** The system's code of an error, e.g. `ENOENT`, or an empty string. */
export function systemCodeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/** `where` is the host and port the error is about. An error without a known code counts as `otherwise`. */
export function networkErrorFrom(
  cause: unknown,
  where: string,
  otherwise: NetworkErrorCode = "reset",
): NetworkError {
  if (cause instanceof NetworkError) return cause;
  const code = networkCodes.get(systemCodeOf(firstOf(cause))) ?? otherwise;
  return new NetworkError(code, `${where} ${sentences[code]}.`, { cause });
}

/** Connecting to a name with several addresses fails with one error for each of them. */
function firstOf(cause: unknown): unknown {
  return cause instanceof AggregateError ? cause.errors[0] : cause;
}

export function diskErrorFrom(cause: unknown, doing: string): DiskError {
  if (cause instanceof DiskError) return cause;
  const systemCode = systemCodeOf(cause);
  const code = diskCodes.get(systemCode) ?? "io";
  return new DiskError(code, `${doing} failed (${systemCode || "unknown error"}).`, { cause });
}
