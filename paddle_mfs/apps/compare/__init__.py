"""Results of several methods side by side, as one page for the browser: tools/compare.py.

sets.py     which pictures of two or three folders go by one name
items.py    what is known of one name's pictures: how far they lie apart, what they say about themselves
page.py     the page, of page.html, page.css and page.js
"""
