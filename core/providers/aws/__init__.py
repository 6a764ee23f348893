"""Amazon Web Services: CloudTrail for who did what, describes of the touched resource for before and after."""
