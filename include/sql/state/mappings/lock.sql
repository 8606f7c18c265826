-- Purpose: nobody else changes the book while a folder, or what a person saw, is compared with it; readers go on.
-- A change that a push makes waits as well, so that the ids of a company's history have the order of the commits: the highest
-- one, which tells whether the book is another by now, misses none.
-- Grain: one statement. Parameters: none.
lock table qbo_sync.mappings in share row exclusive mode
