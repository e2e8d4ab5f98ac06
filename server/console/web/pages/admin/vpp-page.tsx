export function VppPage() {
  return null;
}
