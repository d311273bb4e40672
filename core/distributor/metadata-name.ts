/** Names that come from elsewhere, such as `http.method`, as names of labels and of metadata. */

/** Letters, digits and underscores, of which the first is no digit. */
export function metadataName(name: string): string {
  if (PLAIN.test(name)) return name;
  const clean = name.replace(/[^a-zA-Z0-9_]/gu, "_");
  return /^[0-9]/.test(clean) ? `key_${clean}` : clean;
}

const PLAIN = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
