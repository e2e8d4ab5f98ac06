/** Who has a licence: a user, or a phone by its serial number. */
import { nothing } from "../../core/format.ts";
import { UserLink } from "./links.tsx";

interface HolderProps {
  readonly of: { readonly userId: string | null; readonly serialNumber: string | null };
}

export function Holder({ of: { userId, serialNumber } }: HolderProps) {
  return userId === null ? <span class="mono">{serialNumber ?? nothing}</span> : <UserLink id={userId} />;
}
