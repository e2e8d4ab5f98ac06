/**
 * Every refusal we choose to make, by its stable code. The number is the HTTP status the code gets when it leaves through an
 * HTTP surface. Codes never change meaning; sentences may.
 */
export const problems = {
  // What came in can't be read.
  malformed_plist: 400,
  malformed_json: 400,
  malformed_message: 400,
  malformed_csv: 400,
  malformed_certificate: 400,
  invalid_request: 400,
  body_too_large: 413,
  unsupported_media_type: 415,
  // Who is asking.
  unauthorized: 401,
  forbidden: 403,
  csrf_token_invalid: 403,
  enrollment_token_invalid: 403,
  enrollment_token_expired: 403,
  identity_untrusted: 403,
  identity_mismatch: 403,
  // What is asked for.
  not_found: 404,
  route_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  already_exists: 409,
  idempotency_mismatch: 409,
  request_interrupted: 409,
  request_under_way: 409,
  precondition_failed: 412,
  limit_exceeded: 429,
  queue_full: 429,
  // A lab and its phones.
  ambiguous_name: 409,
  clock_not_held: 409,
  snapshot_damaged: 400,
  snapshot_too_new: 409,
  // The volume-purchase token.
  token_malformed: 400,
  token_not_acknowledged: 400,
  token_expired: 409,
  token_revoked: 409,
  token_unknown: 409,
  token_other_account: 409,
  token_claimed_elsewhere: 409,
  token_missing: 409,
  // Apple's side, seen from the server.
  apple_unavailable: 502,
  apple_refused: 502,
  no_license: 409,
  device_licensing_off: 409,
  license_type_fixed: 409,
  confirmation_required: 409,
  // The machine.
  store_locked: 503,
  store_corrupt: 500,
  store_unwritable: 503,
  store_failed: 503,
  store_full: 507,
  store_too_new: 500,
  unavailable: 503,
  address_in_use: 503,
  internal: 500,
  // Command line and configuration.
  usage: 400,
  configuration_invalid: 400,
  unknown_scenario: 400,
  invalid_scenario: 400,
} as const;

export type ProblemCode = keyof typeof problems;

/** A refusal we chose to make. Anything else that is thrown is a bug. */
export class PippinError extends Error {
  readonly code: ProblemCode;
  /** Facts for the caller beside the sentence, e.g. `{ line: 7 }`. Never a secret. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
  constructor(
    code: ProblemCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "PippinError";
    this.code = code;
    this.details = options.details;
  }
  get status(): (typeof problems)[ProblemCode] {
    return problems[this.code];
  }
}
