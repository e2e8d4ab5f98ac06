/** Apple's clientContext: how products that manage purchases tell one another whose an account is. */
import { PippinError } from "../../shared/errors.ts";
import { ClientContext } from "../../shared/vpp.ts";

/** The host name of the product that holds the account, when it isn't us; null when it is free or ours. */
export function foreignHolder(clientContext: string | undefined, ownGuid: string): string | null {
  if (clientContext === undefined || clientContext === "") return null;
  const unreadable = "a product that wrote something unreadable";
  let json: unknown;
  try {
    json = JSON.parse(clientContext);
  } catch {
    return unreadable;
  }
  const parsed = ClientContext.safeParse(json);
  if (!parsed.success) return unreadable;
  // The guid alone decides; host names change.
  return parsed.data.guid === ownGuid ? null : parsed.data.hostname;
}

export function claimedElsewhere(holder: string | null): PippinError {
  return new PippinError(
    "token_claimed_elsewhere",
    `The account is managed by ${holder ?? "another product"}. An administrator can take control back.`,
    { details: { claimedBy: holder } },
  );
}
