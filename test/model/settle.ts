/** Ends the trouble, waits until everything has come to rest, and says in words what is not as it should be. */
import { performedTwice } from "../e2e/kill-run.ts";
import { putAccountInOrder, sync } from "./admin-acts.ts";
import { endTroubleAtApple } from "./apple-acts.ts";
import { complaintsOf } from "./complaints.ts";
import { end } from "./endings.ts";
import { passcode, pickUp, type Run } from "./run.ts";

/** Backoff of failed calls goes up to an hour. */
const settleMsMax = 6 * 3_600_000;
const lookEveryMs = 60_000;

/** Nothing, when all is well. */
export async function settle(run: Run): Promise<string[]> {
  await run.trouble.end();
  await endTroubleAtApple(run);
  run.receiver.ailment = undefined;
  for (const held of run.model.phones) pickUp(run, held);
  let isSynced = false;
  const complaints = await patiently(run, async () => {
    // What was bought is known from the next sync on; Apple may want to be left alone for a while yet.
    isSynced ||= (await putAccountInOrder(run)) && (await sync(run));
    return isSynced ? complaintsOf(run) : ["no sync succeeds"];
  });
  if (complaints.length === 0) {
    const isEnded = await end(run);
    complaints.push(
      ...(await patiently(run, isEnded)).map((text) => `after ${run.model.setup.ending}: ${text}`),
    );
  }
  return [...complaints, ...performedTwice(run.events).map((key) => `performed twice: ${key}`)];
}

/** Asks again and again until nothing is wrong any more, or time is up. */
async function patiently({ lab, model }: Run, complain: () => Promise<string[]>): Promise<string[]> {
  let complaints: string[] = [];
  for (let waitedMs = 0; waitedMs <= settleMsMax; waitedMs += lookEveryMs) {
    await lab.world.sleep(lookEveryMs);
    // A command to lock may have been on its way until now.
    for (const { phone } of model.phones) phone.unlock(passcode);
    complaints = await complain();
    if (complaints.length === 0) break;
  }
  return complaints;
}
