// The event store: per entity its events, its head and the fingerprints that `decide` asks for.
import { brokenDown, decide, eventIdOf, infoOf, instantOfDate, reasonOf } from 'dreampipe/driver'
import type { Appended, Batch, Candidate, Decision, EntitySchema, EventStore } from 'dreampipe/driver'
import type { Head, Outcome, StoredEvent, Versioned } from 'dreampipe/driver'
import { TE } from 'dreampipe/fp'
import type { Bell } from './sharing.ts'

/** What is kept of one entity. `marks`: the sequence of the event that bears a fingerprint. */
interface Story {
  readonly events: StoredEvent[]
  readonly marks: Map<string, number>
  head: Head | undefined
}

/** All events of one kind of entity: in the order of their commits, which is its topic, and by entity id. */
interface Kind {
  readonly log: StoredEvent[]
  readonly stories: Map<string, Story>
}

export interface EventLog {
  readonly store: EventStore
  readonly log: (entity: string) => readonly StoredEvent[]
}

const decisionOn = (candidate: Candidate, story: Story | undefined): Decision => {
  const marked = candidate.marks.find(({ fingerprint }) => story?.marks.has(fingerprint))
  return decide(candidate, story?.head, marked && story?.marks.get(marked.fingerprint))
}

const appendOne = ({ log, stories }: Kind, candidate: Candidate, recordedAt: string): Outcome => {
  const { entity, entityId, kind, payload, marks, untransformed } = candidate
  const story: Story = stories.get(entityId) ?? { events: [], marks: new Map(), head: undefined }
  stories.set(entityId, story)
  const decision = decisionOn(candidate, story)
  const outcome = (status: Outcome['status'], sequence: number): Outcome => ({
    status,
    event: infoOf(story.events[sequence - 1] as StoredEvent),
  })
  if (decision._tag !== 'store') {
    story.head = (decision._tag === 'duplicate' ? decision.head : undefined) ?? story.head
    return outcome(decision._tag, decision.of)
  }
  const { sequence, head } = decision
  if (untransformed === true) return outcome('untransformed', sequence - 1)
  const info = infoOf({ ...candidate, sequence, eventId: eventIdOf(entityId, sequence), recordedAt })
  const event: StoredEvent = { ...info, entity, kind, payload }
  log.push(event)
  story.events.push(event)
  story.marks.set(marks[0].fingerprint, sequence)
  story.head = head
  return outcome('stored', sequence)
}

export const eventLog = (bell: Bell): EventLog => {
  const kinds = new Map<string, Kind>()
  const schemas = new Map<string, Versioned>()
  const kindOf = (entity: string): Kind => {
    const kind: Kind = kinds.get(entity) ?? { log: [], stories: new Map() }
    kinds.set(entity, kind)
    return kind
  }
  const storyOf = (entity: string, entityId: string): Story | undefined =>
    kindOf(entity).stories.get(entityId)
  const versionOf = (entity: string): number => schemas.get(entity)?.version ?? 0
  const putSchema = (entity: string, schema: EntitySchema): number => {
    const version = versionOf(entity) + 1
    schemas.set(entity, { schema, version })
    return version
  }

  // One turn of the event loop, in which nobody else does anything, is the transaction here. What can fail
  // stands before the first write: candidates are copied, and one that cannot be read fails the whole batch.
  const append = ({ candidates, guards }: Batch): Appended => {
    const moved = guards.filter(({ entity, version }) => versionOf(entity) !== version)
    if (moved.length > 0) return { _tag: 'schema-moved', entities: moved.map(({ entity }) => entity) }
    const copies = candidates.map((candidate) => ({ ...candidate }))
    for (const { entity, next } of guards) if (next !== undefined) putSchema(entity, next)
    const recordedAt = instantOfDate(new Date()) as string
    const outcomes = copies.map((each) => appendOne(kindOf(each.entity), each, recordedAt))
    bell.ring()
    return { _tag: 'appended', outcomes }
  }

  return {
    log: (entity) => kindOf(entity).log,
    store: {
      append: (batch) =>
        TE.tryCatch(
          async () => append(batch),
          (thrown) => brokenDown('append', reasonOf(thrown), thrown),
        ),
      lookup: (candidates) =>
        TE.fromIO(() =>
          candidates.map((each) => decisionOn(each, storyOf(each.entity, each.entityId))._tag !== 'store'),
        ),
      // The event of sequence n stands at n - 1, since numbers have no gaps.
      history: (entity, entityId, { after, limit }) =>
        TE.fromIO(() => storyOf(entity, entityId)?.events.slice(after, after + limit) ?? []),
      scan: (entity, after, limit) =>
        TE.fromIO(() => {
          const page: StoredEvent[] = []
          const { stories } = kindOf(entity)
          for (const id of [...stories.keys()].filter((each) => each >= (after?.entityId ?? '')).toSorted()) {
            const from = id === after?.entityId ? after.sequence : 0
            page.push(...(stories.get(id)?.events.slice(from, from + limit - page.length) ?? []))
            if (page.length === limit) break
          }
          return page
        }),
      // The log is the topic: nothing ever waits to be published.
      pending: () => TE.right([]),
      published: () => TE.right(undefined),
      schema: (entity) => TE.fromIO(() => schemas.get(entity)),
      saveSchema: (entity, schema, expected) =>
        TE.fromIO(() => (versionOf(entity) === expected ? putSchema(entity, schema) : undefined)),
    },
  }
}
