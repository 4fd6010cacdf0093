// Reads CSV as Bulk 2.0 writes it, chunk by chunk: rows of cells, null where a cell is empty; nothing is kept
// but the unfinished row.

export type Cells = readonly (string | null)[]

export interface CsvReader {
  /** The rows that are complete with this text. */
  readonly push: (text: string) => readonly Cells[]
  /** The last row, where no line break ended it. Throws where the text ends within a quoted cell. */
  readonly end: () => readonly Cells[]
}

// An array that need not grow.
const sized = (length: number): (string | null)[] => {
  const cells: (string | null)[] = []
  cells.length = length
  return cells
}

const [quote, comma, newline, carriage] = [34, 44, 10, 13]

/** Reads RFC 4180: quoted cells with `""` for a quote and line breaks inside, LF or CRLF. */
export const csvReader = (): CsvReader => {
  let rest = ''
  // Cells of the row before.
  let width = 0

  const scan = (text: string, last: boolean): readonly Cells[] => {
    const rows: Cells[] = []
    const { length } = text
    let row: (string | null)[] = sized(width)
    let n = 0
    let rowStart = 0
    let at = 0
    while (at < length) {
      let end: number
      if (text.charCodeAt(at) === quote) {
        let close = text.charCodeAt(at + 1) === quote ? at + 1 : text.indexOf('"', at + 1)
        let doubled = false
        while (close !== -1 && text.charCodeAt(close + 1) === quote) {
          doubled = true
          close = text.indexOf('"', close + 2)
        }
        // A quote at the very end may be the first of two.
        if (close === -1 || (close + 1 === length && !last)) break
        end = close + 1
        row[n++] =
          end - at === 2
            ? null
            : doubled
              ? text.slice(at + 1, close).replaceAll('""', '"')
              : text.slice(at + 1, close)
        const next = text.charCodeAt(end)
        if (end < length && next !== comma && next !== newline && next !== carriage)
          throw new SyntaxError('a quoted cell goes on behind its closing quote')
      } else {
        end = at
        while (end < length) {
          const code = text.charCodeAt(end)
          if (code === comma || code === newline || code === carriage) break
          end++
        }
        if (end === length && !last) break
        row[n++] = end === at ? null : text.slice(at, end)
      }
      if (text.charCodeAt(end) === carriage) {
        if (end + 1 === length && !last) break
        end++
      }
      if (end < length && text.charCodeAt(end) === comma) {
        at = end + 1
        // A comma at the end of everything opens one more, empty cell.
        if (at === length && last) row[n++] = null
        continue
      }
      if (end >= length && !last) break
      row.length = width = n
      rows.push(row)
      row = sized(width)
      n = 0
      at = rowStart = end + 1
    }
    if (last && at < length) throw new SyntaxError('the text ends within a quoted cell')
    row.length = n
    if (last && n > 0) rows.push(row)
    rest = last ? '' : text.slice(rowStart)
    return rows
  }

  return { push: (text) => scan(rest + text, false), end: () => (rest === '' ? [] : scan(rest, true)) }
}
