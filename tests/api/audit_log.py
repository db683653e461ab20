"""Reading the audit log from where a test began: other tests leave entries that tell of hundreds of thousands of decisions.

    began = newest(client)                 the number of the newest entry; looking leaves some more
    entries(client, began, subject=id)     those after it, page by page
"""


def newest(client, after=None):
    """Halved towards.  From `after` on, which some entry must follow, a page is enough and leaves one entry."""
    if after is None:
        after, past = 0, 1 << 24
        while past - after > 100:
            middle = (after + past) // 2
            if client.get(f'/v1/audit/entries?limit=1&after={middle}').json['entries']:
                after = middle
            else:
                past = middle
    return client.get(f'/v1/audit/entries?limit=1000&after={after}').json['entries'][-1]['seq']


def entries(client, after=0, subject=None):
    found = []
    while after is not None:
        query = f'limit=500&after={after}' + (f'&subject={subject}' if subject else '')
        page = client.get(f'/v1/audit/entries?{query}').json
        found += page['entries']
        after = page['next']
    return found
