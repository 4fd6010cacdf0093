// Reads CSV text piece by piece into rows: each ends at its own line end, and a quote that is wrong costs its
// own line.

/** The cells of a row, or why there are none; `line` is the one that it begins on, 1 the file's first. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
  readonly wrong?: string
}

/** How the text is written. */
export interface Dialect {
  readonly delimiter: string
  /** The character that encloses cells; undefined where quotes are text like any other. */
  readonly quote: string | undefined
  /** A line that begins with it is passed over; undefined where there are no comments. */
  readonly comment: string | undefined
  /** Lines passed over at the beginning. */
  readonly skipLines: number
  /** Characters of a row at most. */
  readonly longest: number
}

export interface RowReader {
  /** The rows that are complete with this text. */
  readonly push: (text: string) => readonly Row[]
  /** The last rows, where no line end follows. */
  readonly end: () => readonly Row[]
}

const [newline, carriage] = [10, 13]
/** From so many characters on, an unfinished row is looked at again only once it has grown by a quarter. */
const patience = 65_536

const anyLineEnd = /\r\n|\r|\n/g

// Where the line that `at` lies in ends, or -1.
const lineEndFrom = (text: string, at: number): number => {
  for (let end = at; end < text.length; end++) if (isLineEnd(text, end)) return end
  return -1
}

/** A row ends behind its last cell; line ends stand within. `open`: more text is needed to tell. */
type Parsed =
  | { readonly cells: readonly string[]; readonly end: number; readonly lineEnds: number }
  | { readonly wrong: string }
  | { readonly open: 'quote' | 'row' }

const parserOf = ({ delimiter, quote }: Dialect) => {
  const mark = quote === undefined ? -1 : quote.charCodeAt(0)
  const first = delimiter.charCodeAt(0)

  // Where the cell that begins at `from` without a quote ends.
  const bareEnd = (text: string, from: number): number => {
    let end = from
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end)
      if (code === newline || code === carriage || code === mark) break
      if (code === first && (delimiter.length === 1 || text.startsWith(delimiter, end))) break
    }
    return end
  }

  /** The row that begins at `start`. */
  return (text: string, start: number, isLast: boolean): Parsed => {
    const { length } = text
    const cells: string[] = []
    let lineEnds = 0
    for (let at = start; ;) {
      let end: number
      if (quote !== undefined && text.charCodeAt(at) === mark) {
        let close = text.indexOf(quote, at + 1)
        let isDoubled = false
        while (close !== -1 && text.charCodeAt(close + 1) === mark) {
          isDoubled = true
          close = text.indexOf(quote, close + 2)
        }
        if (close === -1) return isLast ? { wrong: `a ${quote} is not closed` } : { open: 'quote' }
        end = close + 1
        // A quote at the very end may be the first of two, and a delimiter may come in two pieces.
        if (!isLast && length - end < delimiter.length && !isLineEnd(text, end)) return { open: 'quote' }
        const code = text.charCodeAt(end)
        if (end < length && code !== newline && code !== carriage && !text.startsWith(delimiter, end))
          return { wrong: `a cell goes on behind its closing ${quote}` }
        const cell = text.slice(at + 1, close)
        lineEnds += cell.match(anyLineEnd)?.length ?? 0
        cells.push(isDoubled ? cell.replaceAll(quote + quote, quote) : cell)
      } else {
        end = bareEnd(text, at)
        if (!isLast && end === length) return { open: 'row' }
        if (end < length && text.charCodeAt(end) === mark)
          return { wrong: `a ${quote} inside a cell that does not begin with one` }
        cells.push(text.slice(at, end))
      }
      if (end >= length || isLineEnd(text, end)) return { cells, end, lineEnds }
      at = end + delimiter.length
    }
  }
}

const isLineEnd = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code === newline || code === carriage
}

/**
 * Reads RFC 4180 and what comes near: cells in quotes with doubled quotes and line ends inside, rows that end
 * with LF, CRLF or CR, each its own. A row that cannot be read is told, and the line behind the one that it
 * begins on is the next: of what stands behind a stray quote, nothing is lost.
 */
export const rowReader = (dialect: Dialect): RowReader => {
  const { comment, longest } = dialect
  const parsed = parserOf(dialect)
  let rest = ''
  let line = 1
  let toSkip = dialect.skipLines
  // Inside a line of which the rest is passed over, and behind a CR whose LF may follow.
  let isSkipping = toSkip > 0
  let isBehindCr = false
  let again = 0

  const scan = (text: string, isLast: boolean): readonly Row[] => {
    const rows: Row[] = []
    const { length } = text
    let at = 0
    const passLineEnd = (): void => {
      line++
      isBehindCr = text.charCodeAt(at) === carriage
      at++
    }
    const bad = (wrong: string): void => {
      rows.push({ line, cells: [], wrong })
      isSkipping = true
    }
    while (at < length) {
      if (isBehindCr) {
        isBehindCr = false
        if (text.charCodeAt(at) === newline) {
          at++
          continue
        }
      }
      if (isSkipping) {
        const end = lineEndFrom(text, at)
        at = end === -1 ? length : end
        if (end === -1) break
        if (toSkip > 0) toSkip--
        isSkipping = toSkip > 0
        passLineEnd()
        continue
      }
      if (isLineEnd(text, at)) {
        passLineEnd()
        continue
      }
      if (comment !== undefined) {
        if (text.startsWith(comment, at)) {
          isSkipping = true
          continue
        }
        if (!isLast && length - at < comment.length && comment.startsWith(text.slice(at))) break
      }
      const row = parsed(text, at, isLast)
      if ('wrong' in row) bad(row.wrong)
      else if ('open' in row) {
        if (length - at <= longest) break
        bad(
          row.open === 'quote'
            ? `a quote is not closed within ${longest} characters`
            : `the row has more than ${longest} characters`,
        )
      } else {
        rows.push({ line, cells: row.cells })
        line += row.lineEnds
        at = row.end
        if (at < length) passLineEnd()
      }
    }
    rest = text.slice(at)
    again = rest.length < patience ? 0 : rest.length * 1.25
    return rows
  }
  return {
    push: (text) => {
      rest += text
      return rest.length < again ? [] : scan(rest, false)
    },
    end: () => scan(rest, true),
  }
}
