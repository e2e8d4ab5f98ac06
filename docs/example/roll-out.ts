/** A program of an organisation's own, as one that would be tested with a lab: it gives an app to a group, if there are licences enough. */
import type { LabApi } from "pippin";

interface App {
  adamId: string;
  name: string;
  available: number;
}
interface Page<T> {
  items: T[];
}

export async function rollOut(admin: LabApi, app: string, groupId: string): Promise<string> {
  const apps = await admin.get<Page<App>>("/api/v1/apps?limit=100");
  const wanted = apps.items.find(({ name }) => name === app);
  if (wanted === undefined) throw new Error(`${app} is not among the organisation's apps`);
  const users = await admin.get<Page<unknown>>(`/api/v1/users?groupId=${groupId}&limit=200`);
  if (users.items.length > wanted.available)
    throw new Error(
      `${wanted.available} licences of ${app} are free, and ${users.items.length} people want one`,
    );
  const { id } = await admin.post<{ id: string }>("/api/v1/deployments", {
    adamId: wanted.adamId,
    groupId,
    action: "required",
  });
  return id;
}
