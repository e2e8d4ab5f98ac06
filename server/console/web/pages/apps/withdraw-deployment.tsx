/** A deployment that is to count no more. */
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Deployment } from "../../../../api/deployment-routes.ts";
import type { GroupDetail } from "../../../../api/group-routes.ts";
import type { AppSummary } from "../../../../api/summary-routes.ts";
import { call, part } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { FormSheet } from "../../core/form.tsx";
import { useResource } from "../../core/resource.ts";
import { deploymentMessages } from "../../messages/deployments.ts";

interface WithdrawDeploymentProps {
  readonly of: Deployment;
  readonly app: string;
  readonly group: string;
  onClose(): void;
}

export function WithdrawDeployment({ of: deployment, app, group, onClose }: WithdrawDeploymentProps) {
  const say = useSay();
  const about = useResource<GroupDetail>(`/api/v1/groups/${part(deployment.groupId)}`, ["groups"]);
  const summary = useResource<AppSummary>(`/api/v1/apps/${part(deployment.adamId)}/summary`, [
    "installations",
  ]);
  const deed = useDeed(() => call("DELETE", `/api/v1/deployments/${part(deployment.id)}`));
  return (
    <FormSheet
      title={say(deploymentMessages.withdrawTitle, { app, group })}
      submit={say(deploymentMessages.withdraw)}
      tone="danger"
      kind="alert"
      deed={deed}
      onClose={onClose}
    >
      {about.data && summary.data && (
        <p>
          <strong>
            {say(deploymentMessages.withdrawCounts, {
              n: about.data.memberCount,
              installed: summary.data.devices.installed,
              pending: summary.data.devices.pending,
            })}
          </strong>
        </p>
      )}
      <p>{say(deploymentMessages.withdrawText)}</p>
    </FormSheet>
  );
}
