/** How a person stands with the program: the status, how old it is, and what is wrong. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { UserView } from "../../../../api/user-view.ts";
import { useFormat } from "../../core/format.ts";
import { Badge, Facts, type Tone } from "../../core/page.tsx";
import { conflictKinds, pendingWishes, termsFacts, termsNames, userMessages } from "../../messages/users.ts";
import { UserLink } from "../apps/links.tsx";

export type TermsStatus = UserView["terms"]["status"];

export const termsTones: Readonly<Record<TermsStatus, Tone>> = {
  notInvited: "quiet",
  invited: "info",
  accepted: "good",
  retired: "warn",
};
export const termsStatuses = Object.keys(termsTones) as TermsStatus[];

/** In a list: the word, and after it the age, or that it is too old. */
export function TermsCell({ of: { terms, conflict } }: { of: UserView }) {
  const say = useSay();
  const format = useFormat();
  const { status, checkedAt, stale, pending } = terms;
  return (
    <>
      <Badge tone={termsTones[status]}>{say(termsNames[status])}</Badge>{" "}
      {conflict && <Badge tone="bad">{say(userMessages.conflict)}</Badge>}{" "}
      {pending && <Badge tone="warn">{say(termsFacts.pending)}</Badge>}{" "}
      {stale && <Badge tone="warn">{say(termsFacts.stale)}</Badge>}{" "}
      {checkedAt !== null && <span class="small muted medium">{format.age(checkedAt)}</span>}
    </>
  );
}

export function Terms({ of: { terms, conflict } }: { of: UserView }) {
  const say = useSay();
  const format = useFormat();
  return (
    <section class="card">
      <h2>{say(termsFacts.title)}</h2>
      {terms.pending && <p class="notice warn">{say(pendingWishes[terms.pending])}</p>}
      {terms.stale && <p class="notice warn">{say(termsFacts.staleText)}</p>}
      {conflict && (
        <div class="notice bad">
          <p>
            <strong>{say(userMessages.conflict)}</strong> {say(conflictKinds[conflict.kind])}
          </p>
          {conflict.userIds.length > 0 && (
            <p>
              {say(userMessages.conflictWith)}{" "}
              {conflict.userIds.map((id, index) => (
                <span key={id}>
                  {index > 0 && ", "}
                  <UserLink id={id} />
                </span>
              ))}
            </p>
          )}
        </div>
      )}
      <Facts
        facts={[
          [
            say(userMessages.terms),
            <Badge tone={termsTones[terms.status]}>{say(termsNames[terms.status])}</Badge>,
          ],
          [
            say(termsFacts.checkedAt),
            terms.checkedAt === null
              ? say(termsFacts.neverTold)
              : `${format.age(terms.checkedAt)} (${format.time(terms.checkedAt)})`,
          ],
          [say(termsFacts.invitedAt), format.time(terms.invitedAt)],
          [say(termsFacts.inviteCount), format.number(terms.inviteCount)],
          [say(termsFacts.acceptedAt), format.time(terms.acceptedAt)],
          ...(terms.retiredAt === null
            ? []
            : [[say(termsFacts.retiredAt), format.time(terms.retiredAt)] as const]),
        ]}
      />
    </section>
  );
}
