// Writes view documents; one that its store can never hold is told apart, and harms none of its neighbours.
import { E, type TaskEither } from '../../fp.ts'
import type { ViewDocument, ViewError, ViewStore, ViewTable } from '../../ports/view-store.ts'

/** A document that can never be stored, and why. */
export interface Refused {
  readonly entityId: string
  readonly reason: string
}

/**
 * Puts documents, or mends with them. On the right those that the store refused for what they are; the others
 * are written.
 */
export const putViews =
  (
    views: ViewStore,
    table: ViewTable,
    documents: readonly ViewDocument[],
    how: 'put' | 'mend' = 'put',
  ): TaskEither<ViewError, { readonly written: number; readonly refused: readonly Refused[] }> =>
  async () => {
    const done = await views[how](table, documents)()
    if (done._tag === 'Right') return E.right({ written: done.right, refused: [] })
    // What may pass, or is not a document's fault, has everything tried again.
    if (done.left.retry || views.refusal === undefined) return done
    const refused: Refused[] = []
    for (const document of documents) {
      const reason = views.refusal(table, document)
      if (reason !== undefined) refused.push({ entityId: document.entityId, reason })
    }
    if (refused.length === 0) return done
    const held = documents.filter(({ entityId }) => !refused.some((each) => each.entityId === entityId))
    const rest = held.length === 0 ? E.right(0) : await views[how](table, held)()
    return rest._tag === 'Left' ? rest : E.right({ written: rest.right, refused })
  }
