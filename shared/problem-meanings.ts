/** What each code means and what helps: for the API's description and the page of error codes. */
import type { ProblemCode } from "./errors.ts";

export const problemMeanings: Readonly<Record<ProblemCode, string>> = {
  malformed_plist: "The bytes are no property list, or one beyond the limits of size, depth or count.",
  malformed_json: "The body is not JSON.",
  malformed_message: "A message of the device protocol lacks a member or has one of the wrong type.",
  malformed_csv:
    "The CSV file has bad lines; `lines` names each with what was expected. Nothing was taken in.",
  malformed_certificate:
    "A certificate, signing request or signed message can't be read or was tampered with.",
  invalid_request: "A parameter or field is not as expected; `errors` names each. Unknown fields count too.",
  body_too_large: "The body is longer than this route takes.",
  unsupported_media_type: "The Content-Type is not one that this route takes.",
  unauthorized:
    'No key, or one that doesn\'t exist, was revoked or has expired. `session: "ended"`: sign in again.',
  forbidden: "The key's role doesn't allow this.",
  csrf_token_invalid:
    "A change by a signed-in browser came from another site, or without the session's token in `X-CSRF-Token`.",
  enrollment_token_invalid: "The enrolment link is unknown or used up. Make a new one.",
  enrollment_token_expired: "The enrolment link has expired. Make a new one.",
  identity_untrusted: "The certificate is not one that this server's authority issued, or it has expired.",
  identity_mismatch: "The phone speaks for another phone than the one its certificate belongs to.",
  not_found: "There is no such record.",
  route_not_found: "There is no such route; /openapi.json lists them all.",
  method_not_allowed: "The route exists, and not with this method; `Allow` lists those it has.",
  conflict: "The state of the record doesn't allow this now; the sentence says why.",
  already_exists: "There is one of that kind already.",
  idempotency_mismatch: "The Idempotency-Key was used for another request before.",
  request_interrupted:
    "The server stopped while it was doing this. Look whether it was done before asking again with a new key.",
  request_under_way:
    "The same request, by its Idempotency-Key, is being carried out. Ask again for its answer.",
  precondition_failed: "What the request builds on has changed meanwhile. Read again, then decide.",
  limit_exceeded: "Too many, or too often; `Retry-After` says when to come back, where time helps.",
  queue_full: "The phone has as many open commands as its queue holds.",
  ambiguous_name: "Several phones answer to this; `candidates` names them. Say more of the name.",
  clock_not_held: "The lab runs in real time, so its clock can't be moved. A lab of `--world virtual` can.",
  snapshot_damaged: "The file is no snapshot of a lab, or not whole any more. Nothing was changed.",
  snapshot_too_new: "The snapshot was written by a newer version. Nothing was changed.",
  token_malformed: "The file is not Apple's token: base64 of JSON with token, expDate and orgName.",
  token_not_acknowledged: "The upload must acknowledge that the account can't be changed later.",
  token_expired: "Apple's token has expired. Get a new one from Apple and upload it.",
  token_revoked:
    "Apple has revoked the token, because of a newer one or a changed password. Upload a new one.",
  token_unknown: "Apple doesn't know the token.",
  token_other_account: "The token belongs to another account than the one this server is tied to, for ever.",
  token_claimed_elsewhere: "Another product uses the account. Remove it there, or take control back.",
  token_missing: "No token was uploaded, or it was deleted.",
  apple_unavailable: "Apple's service can't be reached, is slow, or says that it is overloaded.",
  apple_refused: "Apple's service refused; the sentence has its error number.",
  no_license: "Apple has no licence of the app left.",
  device_licensing_off: "The policy `licensing` lets no phone hold a licence itself.",
  license_type_fixed:
    "A licence of a phone can't become one of its user: uninstall the app first, then ask for the user's.",
  confirmation_required: "This has consequences that the answer counts. Ask again with `confirm`.",
  store_locked: "Another process holds the data folder.",
  store_corrupt:
    "The data folder is damaged. The server doesn't start on a part of its history: restore a backup.",
  store_unwritable: "The data folder can't be written.",
  store_failed: "A write failed, and the change was not made.",
  store_full:
    "The disk is full, and the change was not made. Reading goes on; writing resumes when there is room.",
  store_too_new: "The data folder was written by a newer version.",
  unavailable: "The server is starting, stopping or overloaded. Ask again soon.",
  address_in_use: "Something else listens at this address.",
  internal: "A mistake of the server's own; its log says more.",
  usage: "The command line is not as expected.",
  configuration_invalid: "The configuration is not as expected.",
  unknown_scenario: "There is no scenario of that name.",
  invalid_scenario: "The scenario is not as expected; each mistake is named with its line and column.",
};
