// What a view's document should be after an entity's events, and whether one is.
import type { Definition } from '../../model/definition.ts'
import type { StoredEvent } from '../../model/event.ts'
import { apply, nothingYet } from '../../model/state.ts'
import type { ViewDocument } from '../../ports/view-store.ts'
import { documentOf } from '../project/view.ts'

// A document's content as text: what readers see, whatever else the row keeps.
const textOf = ({ deleted, content }: Pick<ViewDocument, 'deleted' | 'content'>): string =>
  JSON.stringify([
    deleted,
    Object.keys(content)
      .sort()
      .map((name) => [name, content[name]]),
  ])

// The document that events 1 to `sequence` make; undefined where the calculation throws.
export const expected = (
  definition: Definition,
  entityId: string,
  events: readonly StoredEvent[],
  sequence: number,
): ViewDocument | undefined => {
  try {
    return documentOf(
      definition,
      entityId,
      sequence,
      events.filter((event) => event.sequence <= sequence).reduce(apply, nothingYet),
    )
  } catch {
    return undefined
  }
}

export const lastOf = (events: readonly StoredEvent[]): number =>
  (events[events.length - 1] as StoredEvent).sequence

// Whether a document is what its events make of it.
export const isSound = (
  definition: Definition,
  events: readonly StoredEvent[],
  document: ViewDocument | undefined,
): boolean => {
  if (document === undefined || document.sequence !== lastOf(events)) return false
  const right = expected(definition, document.entityId, events, document.sequence)
  return right !== undefined && textOf(right) === textOf(document)
}
