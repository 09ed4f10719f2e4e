from . import approval_sheet
