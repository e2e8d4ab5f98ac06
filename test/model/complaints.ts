/** What is not as the model says, in words. */
import { Books, endOf, isOnPhone } from "./books.ts";
import { expectedEnds, isExpected, type Circumstances } from "./expected.ts";
import type { Model, ModelPhone } from "./model.ts";
import { apps, people, type PersonId } from "./plan.ts";
import type { Run } from "./run.ts";

export async function complaintsOf(run: Run): Promise<string[]> {
  const books = await Books.read(run);
  if (books === undefined) return ["Apple wants to be left alone"];
  for (const held of run.model.phones) noteEndedLink(run.model, held);
  const complaints = [
    ...books.violations,
    ...run.model.phones.flatMap((held) => complaintsOfEnrolment(held)),
    ...[...apps.keys()].flatMap((app) => complaintsOfApp(run.model, books, app)),
  ];
  if (complaints.length === 0) complaints.push(...run.receiver.complaints(books.states));
  return complaints.length > 0 ? complaints : await lostCommands(run);
}

/** A link ends with its user, also for the phone that is about to enrol by it. */
function noteEndedLink(model: Model, held: ModelPhone): void {
  if (model.standing(held.owner).has("deleted") && held.phone.view().status === "refused")
    held.managed = false;
}

function complaintsOfEnrolment({ index, managed, phone }: ModelPhone): string[] {
  const { enrolled, status } = phone.view();
  return enrolled === managed ? [] : [`phone ${index} is ${managed ? "not " : ""}enrolled: ${status}`];
}

function complaintsOfApp(model: Model, books: Books, app: number): string[] {
  const { total, assigned, available: free } = books.seats(app);
  const owned = model.owned[app] ?? 0;
  const complaints = total === owned ? [] : [`${total} owned in place of ${owned}`];
  const holders = new Set<PersonId>();
  for (const held of model.phones) {
    if (books.isUnheard(held)) continue;
    const found = endOf(books.installation(held, app));
    const isInvitationLost = model.phonesOf(held.owner).some((other) => books.isUnheard(other));
    complaints.push(...complaintsOfPhone(model, held, app, found, { free, isInvitationLost }));
    // Who was retired may have it without a seat.
    if (found === "installed" && !model.standing(held.owner).has("retired")) holders.add(held.owner);
  }
  // A seat may stay with a phone that left management; apart from that it goes with the app.
  const perhaps = people.filter((id) => model.standing(id).size > 1);
  const most = new Set([...holders, ...model.leavers, ...perhaps]).size;
  if (assigned < holders.size || assigned > most)
    complaints.push(`${assigned} seats for ${holders.size} who have it`);
  return complaints.map((text) => `app ${app}: ${text}`);
}

function complaintsOfPhone(
  model: Model,
  held: ModelPhone,
  app: number,
  found: string,
  circumstances: Circumstances,
): string[] {
  const complaints: string[] = [];
  const ends = expectedEnds(model, held, app, circumstances);
  if (!isExpected(found, ends)) complaints.push(`is ${found}, expected ${ends.join(" or ")}`);
  // What is on a phone that belongs to nobody is nobody's business.
  const isMinded = held.managed && !found.startsWith("notApplicable");
  if (isMinded && isExpected(found, ["installed"]) !== isOnPhone(held, app))
    complaints.push(`the server says ${found}, the phone has it ${isOnPhone(held, app) ? "" : "not"}`);
  return complaints.map((text) => `phone ${held.index} (${held.owner}, ${held.kind}): ${text}`);
}

async function lostCommands({ admin, model }: Run): Promise<string[]> {
  const complaints: string[] = [];
  for (const { phone, index, managed } of model.phones) {
    if (!managed) continue;
    const open = await admin.get<{ items: { requestType: string; state: string }[] }>(
      `/api/v1/devices/${phone.config.udid}/commands?open=true&limit=100`,
    );
    for (const { requestType, state } of open.items)
      complaints.push(`phone ${index}: its ${requestType} is lost, ${state}`);
  }
  return complaints;
}
