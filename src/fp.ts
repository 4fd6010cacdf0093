// The one door to fp-ts and io-ts: everything in this package, and whoever writes against it, takes them from
// here.
export * as t from 'io-ts'
export * as E from 'fp-ts/lib/Either.js'
export * as O from 'fp-ts/lib/Option.js'
export * as TE from 'fp-ts/lib/TaskEither.js'
export { pipe } from 'fp-ts/lib/function.js'
export type { Either } from 'fp-ts/lib/Either.js'
export type { TaskEither } from 'fp-ts/lib/TaskEither.js'
