/** What an admin does when all has settled. Nothing is on its way any more, so how it ends is known to the last detail. */
import { deploy } from "./admin-acts.ts";
import { Books, endOf, isOnPhone } from "./books.ts";
import { complaintsOf } from "./complaints.ts";
import type { ModelPhone } from "./model.ts";
import { apps, groupNames, type Ending, type PersonId } from "./plan.ts";
import type { Run } from "./run.ts";

const everything = { all: true, confirm: true };

/** Does it. Answers with the question what is not (yet) as it has to be then. */
export async function end(run: Run): Promise<() => Promise<string[]>> {
  const { ending } = run.model.setup;
  switch (ending) {
    case "none":
      return () => Promise.resolve([]);
    case "uninstallAll":
      for (const app of apps.keys())
        for (const group of groupNames) await deploy(run, app, group, "uninstall");
      return () => complaintsOf(run);
    case "revokeAll":
    case "reclaimAll": {
      const before = await look(run);
      if (before === undefined) throw new Error("Apple is well, and yet can't be asked");
      await run.admin.post(`/api/v1/licenses/${ending === "revokeAll" ? "revoke" : "reclaim"}`, everything);
      return async () => {
        const after = await look(run);
        return after === undefined
          ? ["Apple wants to be left alone"]
          : complaintsOfReturn(ending, before, after);
      };
    }
  }
}

/** One app on one phone. */
interface Place {
  readonly held: ModelPhone;
  readonly app: number;
  /** As the server has it. */
  readonly end: string;
  readonly isThere: boolean;
}

interface Look {
  readonly books: Books;
  readonly places: readonly Place[];
}

async function look(run: Run): Promise<Look | undefined> {
  const books = await Books.read(run);
  if (books === undefined) return undefined;
  const places = run.model.phones.flatMap((held) =>
    [...apps.keys()].map((app) => ({
      held,
      app,
      end: endOf(books.installation(held, app)),
      isThere: isOnPhone(held, app),
    })),
  );
  return { books, places };
}

/** Every seat is back, but for those that somebody who had waited got instead; and the app stayed, or went, as the verb says. */
function complaintsOfReturn(ending: Ending, before: Look, after: Look): string[] {
  const { books } = after;
  const complaints = [...books.violations];
  for (const app of apps.keys()) {
    const mayHold = new Set<PersonId>();
    for (const [index, place] of after.places.entries()) {
      const { held } = place;
      const was = before.places[index];
      if (place.app !== app || was === undefined) continue;
      // A phone that nobody hears of can't say that the app is gone.
      if (ending === "reclaimAll" && books.isUnheard(held)) mayHold.add(held.owner);
      if (!held.managed) continue;
      // Of a phone that belongs to nobody nothing is wanted.
      if (was.end.startsWith("notApplicable") || was.end === "none") continue;
      // Whoever held nothing when it began is none of its business, and may get what comes free.
      const hadWaited = was.end === "failed/no-license" || was.end === "waitingForTerms";
      if (hadWaited) mayHold.add(held.owner);
      const hasToBeThere = ending === "revokeAll" && was.isThere;
      if (!hadWaited && place.isThere !== hasToBeThere)
        complaints.push(`app ${app}, phone ${held.index}: is ${place.end}, was ${was.end}`);
      if (place.end.startsWith("installed") !== place.isThere)
        complaints.push(`app ${app}, phone ${held.index}: is ${place.end}, and the phone disagrees`);
    }
    const { assigned } = books.seats(app);
    if (assigned > mayHold.size)
      complaints.push(`app ${app}: ${assigned} seats taken, where ${mayHold.size} could be`);
  }
  return complaints;
}
