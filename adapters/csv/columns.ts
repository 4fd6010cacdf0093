// What the columns of a file are called: each by a name of its own, and none by accident a part of the
// update's metadata.
import { metadataNames, sourceFailed } from 'dreampipe'

const quoted = (names: readonly string[]): string =>
  names.map((name) => (/^[\w$-]{1,60}$/.test(name) ? name : JSON.stringify(name.slice(0, 60)))).join(', ')

const twiceIn = (names: readonly string[]): readonly string[] => {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const name of names)
    if (seen.has(name)) twice.add(name)
    else seen.add(name)
  return [...twice]
}

/**
 * The columns' names, by header and as `columns` renames them, checked. Throws `SourceFailed` for a name that
 * stands there twice, for one that `columns` looks for in vain, and for one that carries an update's metadata
 * and is not mapped to it on purpose, unless a `normalise` reads the rows.
 */
export const columnsOf = (
  headers: readonly string[],
  line: number,
  options: { readonly columns?: { readonly [header: string]: string }; readonly normalise?: unknown },
): readonly string[] => {
  const refuse = (why: string): never => {
    throw sourceFailed('csv', `${line === 0 ? 'headers' : `line ${line}`}: ${why}`)
  }
  const { columns = {}, normalise } = options
  if (headers.some((name) => name.includes('\0')))
    refuse("the headers hold NUL: say which encoding it is (encoding: 'utf-16le')")
  const twice = twiceIn(headers)
  if (twice.length > 0)
    refuse(`${quoted(twice)} names more than one column: give headers, each of its own, and skipLines`)
  const absent = Object.keys(columns).filter((name) => !headers.includes(name))
  if (absent.length > 0) refuse(`there is no column ${quoted(absent)}, which columns renames`)
  const metadata = metadataNames.filter((name) => headers.includes(name) && !Object.hasOwn(columns, name))
  if (metadata.length > 0 && normalise === undefined)
    refuse(
      `${quoted(metadata)} would decide what the updates are instead of what they hold: give columns that ` +
        `map it on purpose, or a normalise`,
    )
  const names = headers.map((name) => (Object.hasOwn(columns, name) ? (columns[name] as string) : name))
  const merged = twiceIn(names)
  if (merged.length > 0) refuse(`columns makes ${quoted(merged)} of more than one`)
  return names
}
