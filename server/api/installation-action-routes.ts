import type { DeploymentService } from "../services.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import {
  InstallationParams,
  InstallationView,
  storedInstallationId,
  viewInstallation,
} from "./installation-view.ts";

const actions: readonly {
  name: keyof Pick<DeploymentService, "retry" | "resend" | "cancel">;
  summary: string;
  description: string;
}[] = [
  {
    name: "retry",
    summary: "Tries an installation again",
    description:
      "One that failed, or one that was revoked, reclaimed or cancelled: the deployments count again.",
  },
  {
    name: "resend",
    summary: "Sends a new install command",
    description:
      "For an app that is to be on the phone and isn't, whose prompt was cancelled, ignored or lost. A command that the phone has not " +
      "fetched yet is not doubled.",
  },
  {
    name: "cancel",
    summary: "Gives up an install that is pending or under way",
    description:
      "A command that the phone has not got is taken back; an app that arrives all the same is removed. Then the licence returns, " +
      "unless another phone that it is for needs it. The installation rests until somebody retries or resends it.",
  },
];

/** What an admin can do with one installation. */
export function installationActionRoutes({ store, deployments }: ApiDependencies): Endpoint[] {
  return actions.map(({ name, summary, description }) =>
    endpoint({
      method: "post",
      path: `/api/v1/installations/{installationId}/${name}`,
      role: "operator",
      tag: "Installations",
      summary,
      description,
      params: InstallationParams,
      answer: { status: 200, schema: InstallationView },
      refusals: ["not_found", "conflict"],
      async handle({ params, cause }) {
        const record = await deployments[name](storedInstallationId(params.installationId), cause);
        return await store.read((reader) => viewInstallation(reader, record));
      },
    }),
  );
}
