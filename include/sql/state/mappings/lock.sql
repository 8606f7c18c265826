-- Purpose: nobody else changes the book while a folder is compared with it; readers go on.
-- Grain: one statement. Parameters: none.
lock table qbo_sync.mappings in share row exclusive mode
