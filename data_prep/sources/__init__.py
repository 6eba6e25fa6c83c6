"""Real sources, read as others publish them: releases of questions with SQL, and folders of raw tables."""
