/** Where a webhook's secret belongs: sealed for one it can't be opened as another's. */
export function sealContextOf(webhookId: string): string {
  return `webhooks/${webhookId}`;
}
