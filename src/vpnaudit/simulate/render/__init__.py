"""State to text, in the forms that IOS and IOS-XE print. One module a group of commands."""
