/** What happens at Apple: in its shop, to its token, and when its services are not well. */
import { people, type AppleAct } from "./plan.ts";
import { appId, setBehaviour, type Behaviour, type Run } from "./run.ts";

export async function playApple(run: Run, act: AppleAct): Promise<void> {
  const { lab, model, appleRoot, trouble } = run;
  const forAWhile = async (begin: Behaviour, end: Behaviour, forMs: number) => {
    model.outages += 1;
    await setBehaviour(run, begin);
    lab.world.after(forMs, () => void setBehaviour(run, end));
  };
  switch (act.act) {
    case "buy":
      await lab.apple.post(`${appleRoot}/licenses`, { adamId: appId(act.app), quantity: 1 });
      model.owned[act.app] = (model.owned[act.app] ?? 0) + 1;
      return;
    case "away":
    case "storeAway": {
      const { retryAfterSeconds } = act;
      const what = act.act === "away" ? "unavailable" : "storeUnavailable";
      return await forAWhile({ [what]: { retryAfterSeconds } }, { [what]: false }, act.forMs);
    }
    case "slow":
      model.areAnswersLost = true;
      return await forAWhile({ latencyMs: act.latencyMs }, { latencyMs: 0 }, act.forMs);
    case "refuseCalls": {
      const { errorNumber, times } = act;
      return void (await setBehaviour(run, { refuseCalls: { errorNumber, times } }));
    }
    case "loseAnswers":
      model.outages += 1;
      model.areAnswersLost = true;
      return trouble.interfere(
        ({ kind, from, to }) =>
          kind === "response" && from === "apple" && to !== "desk" ? "drop" : "deliver",
        act.forMs,
      );
    case "breakDownloads":
      model.brokenDownloads += act.times;
      return void (await setBehaviour(run, { failDownloads: { [appId(act.app)]: act.times } }));
    case "forgetLists":
      return void (await lab.apple.post("/control/v1/lists/forget", {}));
    case "expireToken":
      return await spoilToken(run, "expire");
    case "revokeToken":
      return await spoilToken(run, "revoke");
    case "forgetToken":
      return await spoilToken(run, "forget");
    case "takeOver": {
      model.isAccountTouched = true;
      await lab.apple.post(`${appleRoot}/take-over`, { wipe: act.wipe });
      // Whoever Apple knew is retired.
      if (act.wipe) for (const id of people) model.stands(id, "retired", "perhaps");
      return;
    }
  }
}

/** The token that was issued last. */
async function spoilToken(
  { lab, model, appleRoot }: Run,
  how: "expire" | "revoke" | "forget",
): Promise<void> {
  model.isAccountTouched = true;
  const { tokens } = await lab.apple.get<{ tokens: { tokenId: string }[] }>(appleRoot);
  const last = tokens.at(-1);
  if (last) await lab.apple.post(`/control/v1/tokens/${last.tokenId}/${how}`, {});
}

/** Apple's services are well again. */
export async function endTroubleAtApple(run: Run): Promise<void> {
  const well = {
    unavailable: false,
    storeUnavailable: false,
    latencyMs: 0,
    refuseCalls: false,
    failDownloads: {},
  };
  await setBehaviour(run, well);
}
