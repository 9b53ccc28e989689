"""The product in one room: a source becomes an identity, an identity goes on the faces of a picture.

identity.py  an identity and its file        baker.py         photo -> identity
select.py    which faces are swapped         roles.py         who gets whose face
memory.py    what is known of tracked faces  change.py        what the IDN changed in a crop
swapper.py   FaceSwapper: the whole way      side_by_side.py  source, target and result in one picture
"""
