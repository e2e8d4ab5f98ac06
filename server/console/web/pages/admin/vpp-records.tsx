/** What was lost at Apple, and what is there that is not ours. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Foreign as ForeignView, Loss } from "../../../../api/sync-routes.ts";
import { useFormat } from "../../core/format.ts";
import { usePaged } from "../../core/paged.ts";
import { Table } from "../../core/table.tsx";
import { common } from "../../messages/common.ts";
import { lossReasons, vpp } from "../../messages/vpp.ts";

/** Shows nothing as long as there was none. */
export function Losses() {
  const say = useSay();
  const format = useFormat();
  const losses = usePaged<Loss>("/api/v1/vpp/losses", {}, ["syncs"]);
  if (losses.items.length === 0) return null;
  return (
    <section class="section">
      <h2>{say(vpp.losses)}</h2>
      <p class="muted">{say(vpp.lossesHint)}</p>
      <Table
        label={say(vpp.losses)}
        rows={losses.items}
        paged={losses}
        keyOf={({ id }) => id}
        columns={[
          {
            title: say(common.user),
            cell: ({ userId, serialNumber, clientUserIdStr }) => userId ?? serialNumber ?? clientUserIdStr,
          },
          {
            title: say(vpp.lossWhat),
            cell: ({ kind, adamId }) =>
              kind === "user" ? say(vpp.lossUser) : say(vpp.lossLicense, { adamId: adamId ?? "?" }),
          },
          { title: say(common.reason), room: "medium", cell: ({ reason }) => say(lossReasons[reason]) },
          { title: say(common.when), room: "medium", cell: ({ at }) => format.stamp(at) },
        ]}
      />
    </section>
  );
}

export function Foreign() {
  const say = useSay();
  const foreign = usePaged<ForeignView>("/api/v1/vpp/foreign", { kind: "user" }, ["syncs"]);
  if (foreign.items.length === 0) return null;
  return (
    <section class="section">
      <h2>{say(vpp.foreign)}</h2>
      <p class="muted">{say(vpp.foreignHint)}</p>
      <Table
        label={say(vpp.foreign)}
        rows={foreign.items}
        paged={foreign}
        keyOf={({ clientUserIdStr, serialNumber }) => clientUserIdStr ?? serialNumber ?? ""}
        columns={[{ title: say(vpp.foreignName), cell: ({ clientUserIdStr }) => clientUserIdStr }]}
      />
    </section>
  );
}
