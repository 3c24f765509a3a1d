"""Articles from elsewhere: files of many kinds and web pages, read in safety and made into a KB folder."""
