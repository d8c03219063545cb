-- How an alert ended, in a sentence: not every one that ends is all right again.
ALTER TABLE alert ADD COLUMN resolution TEXT;
