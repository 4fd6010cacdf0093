// What the columns of a file are called: each by a name of its own, and none by accident a part of the
// update's metadata.
import { metadataNames, sourceFailed } from 'dreampipe'

const quoted = (names: readonly string[]): string =>
  names.map((name) => (/^[\w$-]{1,60}$/.test(name) ? name : JSON.stringify(name.slice(0, 60)))).join(', ')

/**
 * The columns' names, checked. Throws `SourceFailed` for a name that stands there twice, and for one that
 * carries an update's metadata, unless a `normalise` reads the rows.
 */
export const columnsOf = (
  headers: readonly string[],
  line: number,
  isNormalised: boolean,
): readonly string[] => {
  const at = line === 0 ? 'headers' : `line ${line}`
  const twice = [...new Set(headers.filter((name, i) => headers.indexOf(name) !== i))]
  if (twice.length > 0)
    throw sourceFailed(
      'csv',
      `${at}: ${quoted(twice)} names more than one column: give headers, each of its own, and skipLines`,
    )
  const metadata = metadataNames.filter((name) => headers.includes(name))
  if (metadata.length > 0 && !isNormalised)
    throw sourceFailed(
      'csv',
      `${at}: ${quoted(metadata)} would decide what the updates are instead of what they hold: give ` +
        `columns that map it on purpose, or a normalise`,
    )
  if (headers.some((name) => name.includes('\0')))
    throw sourceFailed('csv', `${at}: the headers hold NUL: say which encoding it is (encoding: 'utf-16le')`)
  return headers
}
