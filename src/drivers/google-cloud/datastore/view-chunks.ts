// Cuts view documents into commits that Datastore takes, and repeated ones into turns.
import { E, type TaskEither } from '../../../fp.ts'
import type { ViewDocument, ViewError } from '../../../ports/view-store.ts'
import { documentWeight } from './view-document.ts'

/**
 * Documents and bytes a commit takes (Datastore takes 10 MiB, its emulator 4), and rounds of a put that met
 * others.
 */
export const commitSize = 50

const commitBytes = 3_500_000

export const chunksOf = (
  documents: readonly ViewDocument[],
  size: number,
): readonly (readonly ViewDocument[])[] => {
  const chunks: ViewDocument[][] = []
  let bytes = Infinity
  for (const document of documents) {
    const weight = documentWeight(document)
    if (bytes + weight > commitBytes || (chunks.at(-1)?.length ?? 0) >= size) {
      chunks.push([])
      bytes = 0
    }
    chunks.at(-1)?.push(document)
    bytes += weight
  }
  return chunks
}

// Documents of one entity twice in a call: the later ones in a round of their own.
export const inTurn =
  (
    documents: readonly ViewDocument[],
    put: (some: readonly ViewDocument[]) => TaskEither<ViewError, number>,
  ): TaskEither<ViewError, number> =>
  async () => {
    let written = 0
    for (let rest = documents; rest.length > 0;) {
      const once = new Set<string>()
      const now = rest.filter(({ entityId }) => !once.has(entityId) && once.add(entityId))
      const done = await put(now)()
      if (done._tag === 'Left') return done
      written += done.right
      rest = rest.filter((document) => !now.includes(document))
    }
    return E.right(written)
  }
