"""A FHIR R4 server: search, read and create over an embedded database, one log of writes an episode.

`handout` copies all of it but `web` into a task folder, from where it runs inside a sandbox, which has no network and no
package but Python's own: so the modules use the standard library only, and import each other by relative names.
"""
