/** What happens at Apple: in its shop, to its token, and when its services are not well. */
import type { AppleAct } from "./plan.ts";
import { appId, setBehaviour, type Run } from "./run.ts";

export async function playApple(run: Run, act: AppleAct): Promise<void> {
  const { lab, model, appleRoot } = run;
  switch (act.act) {
    case "buy":
      await lab.apple.post(`${appleRoot}/licenses`, { adamId: appId(act.app), quantity: 1 });
      model.owned[act.app] = (model.owned[act.app] ?? 0) + 1;
      return;
    case "away":
      await setBehaviour(run, { unavailable: { retryAfterSeconds: act.retryAfterSeconds } });
      lab.world.after(act.forMs, () => void setBehaviour(run, { unavailable: false }));
      return;
  }
}

/** Apple's services are well again. */
export async function endTroubleAtApple(run: Run): Promise<void> {
  await setBehaviour(run, { unavailable: false, latencyMs: 0 });
}
